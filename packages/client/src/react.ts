/**
 * React for live documents: `useDoc` opens one, `useValue` renders when what it reads is another, `useText` binds a field to type in.
 *
 *     <JoineryProvider client={client}><List /></JoineryProvider>
 *
 *     const doc = useDoc('shopping', schema)
 *     const items = useValue(doc, (root) => root.items.toJSON())
 */
export { JoineryProvider, type JoineryProviderProps, useClient } from './react/provider.ts'
export { type UseDocOptions, useDoc } from './react/use-doc.ts'
export { usePresence } from './react/use-presence.ts'
export { useStatus } from './react/use-status.ts'
export { type TextProps, type TextSelection, type UseTextOptions, useText } from './react/use-text.ts'
export { type UndoState, useUndo } from './react/use-undo.ts'
export { useValue } from './react/use-value.ts'
