/** Makes a value at its first use, because an Intl object takes milliseconds to make, and no page uses all of them. */
export function lazy<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}
