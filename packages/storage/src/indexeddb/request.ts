/** Answers of IndexedDB as promises. What follows in the same turn still belongs to the transaction. */
export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Resolves when all of the transaction is stored; rejects when nothing of it is. */
export function completed(transaction: IDBTransaction): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    // Without an error of its own it was ended from outside, together with its connection.
    transaction.onabort = () => reject(transaction.error ?? new DOMException('ended by the browser', 'AbortError'))
  })
  // Whoever learns of the failure from a request never comes to wait for this.
  done.catch(() => {})
  return done
}
