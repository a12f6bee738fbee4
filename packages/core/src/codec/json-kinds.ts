/** What an encoded JSON value begins with. */
export const nil = 0
export const no = 1
export const yes = 2
export const integer = 3
export const float = 4
export const string = 5
export const array = 6
export const object = 7
