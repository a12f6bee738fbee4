/**
 * Order of two well-formed strings by their UTF-8 bytes, which is the order of their code points and of a database that
 * compares bytes. JavaScript's `<` compares UTF-16 units instead and puts U+1F600 before U+FF5E.
 */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // A surrogate stands for a code point above every other unit, though its own value is below U+E000.
    const xAstral = isSurrogate(x)
    if (xAstral !== isSurrogate(y)) return xAstral ? 1 : -1
    return x - y
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000
}
