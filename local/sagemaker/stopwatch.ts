/** Counts the seconds in which it runs, in addition to `before`. */
export function stopwatch(before: number) {
  let began: number | undefined;
  let counted = before;
  const seconds = () => counted + (began === undefined ? 0 : (performance.now() - began) / 1000);
  return {
    seconds,
    start() {
      began = performance.now();
    },
    stop() {
      counted = seconds();
      began = undefined;
    },
  };
}
