/** Text in one buffer with a gap where it was last edited: the least that an editable text costs. */
const UNITS_PER_CALL = 8192

export class GapText {
  #units = new Uint16Array(1024)
  #gapFrom = 0
  #gapTo = 1024

  get length() {
    return this.#units.length - (this.#gapTo - this.#gapFrom)
  }

  insert(position, text) {
    const { length } = text
    this.#moveGap(position)
    if (this.#gapTo - this.#gapFrom < length) this.#grow(length)
    for (let i = 0; i < length; i += 1) this.#units[this.#gapFrom + i] = text.charCodeAt(i)
    this.#gapFrom += length
  }

  remove(position, count) {
    this.#moveGap(position)
    this.#gapTo += count
  }

  #moveGap(position) {
    const distance = position - this.#gapFrom
    if (distance < 0) this.#units.copyWithin(this.#gapTo + distance, position, this.#gapFrom)
    else if (distance > 0) this.#units.copyWithin(this.#gapFrom, this.#gapTo, this.#gapTo + distance)
    this.#gapFrom = position
    this.#gapTo += distance
  }

  #grow(length) {
    const grown = new Uint16Array((this.#units.length + length) * 2)
    const tail = this.#units.subarray(this.#gapTo)
    grown.set(this.#units.subarray(0, this.#gapFrom))
    grown.set(tail, grown.length - tail.length)
    this.#gapTo = grown.length - tail.length
    this.#units = grown
  }

  read() {
    let text = ''
    for (const part of [this.#units.subarray(0, this.#gapFrom), this.#units.subarray(this.#gapTo)]) {
      for (let at = 0; at < part.length; at += UNITS_PER_CALL) {
        text += String.fromCharCode(...part.subarray(at, at + UNITS_PER_CALL))
      }
    }
    return text
  }
}
