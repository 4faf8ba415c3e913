/**
 * The element at an index.
 *
 * @throws RangeError if there is none: a mistake in the caller, which a default value would hide
 */
export function at<Element>(array: ArrayLike<Element>, index: number): Element {
  const element = array[index];
  if (element === undefined) {
    throw new RangeError(`There is no element ${index} in an array of length ${array.length}.`);
  }
  return element;
}

/**
 * The value of a key.
 *
 * @throws RangeError if the map does not have it
 */
export function lookUp<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new RangeError(`There is no entry ${String(key)} in the map.`);
  return value;
}
