/** UTF-16 code units as text. Apart from UTF-8, which every type brings along. */

declare const TextDecoder: new (
  label: string,
  options: { ignoreBOM: boolean },
) => { decode(units: Uint16Array): string }

/** Code units turned into a string by one call: its argument list is finite. */
const UNITS_PER_CALL = 8192
/** From here on the platform's decoder is faster. */
const UNITS_DECODED_MIN = 256
/** Units as this machine keeps them are what the decoder expects; lone surrogates become U+FFFD. */
const units16 =
  new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? new TextDecoder('utf-16le', { ignoreBOM: true }) : undefined

/** UTF-16 code units as text, lone surrogates kept. */
export function textOfUnits(units: Uint16Array, from: number, to: number): string {
  if (to - from >= UNITS_DECODED_MIN && units16 !== undefined) {
    const text = units16.decode(units.subarray(from, to))
    if (!text.includes('\ufffd')) return text
  }
  let text = ''
  for (let at = from; at < to; at += UNITS_PER_CALL) {
    // Not spread: that would go through an iterator, unit by unit.
    text += String.fromCharCode.apply(
      null,
      units.subarray(at, Math.min(to, at + UNITS_PER_CALL)) as unknown as number[],
    )
  }
  return text
}
