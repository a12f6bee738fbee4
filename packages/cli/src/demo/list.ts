/** The list that the sample application shows first. */

export interface DemoItem {
  readonly id: string
  readonly title: string
  readonly done?: boolean
  readonly tags?: readonly string[]
  readonly notes?: string
}

export const demoList = 'weekend-at-the-lake'
export const demoName = 'Weekend at the lake'

export const demoItems: readonly DemoItem[] = [
  {
    id: 'cabin',
    title: 'Confirm the cabin for Friday',
    tags: ['before'],
    notes:
      'Keys are with Mrs. Halloran at the blue house.\nCheck-in from 4 pm, and she would like a call when we leave.',
  },
  { id: 'forecast', title: 'Look at the forecast on Thursday evening', tags: ['before'] },
  { id: 'coffee', title: 'Coffee, and something to make it with', tags: ['food'] },
  {
    id: 'breakfast',
    title: 'Breakfast for four',
    tags: ['food'],
    notes: 'Bread, eggs, tomatoes, that cheese from the market.\nTheo does not eat eggs.',
  },
  { id: 'charcoal', title: 'Charcoal and matches', tags: ['food', 'gear'] },
  { id: 'canoe', title: 'Borrow the canoe straps from Ida', tags: ['gear'] },
  { id: 'torches', title: 'Torches with batteries that work', tags: ['gear'] },
  { id: 'cards', title: 'A pack of cards', done: true, tags: ['gear'] },
  { id: 'cat', title: 'Ask Noor to feed the cat', done: true, tags: ['before'] },
]
