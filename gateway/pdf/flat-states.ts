/**
 * pdfjs saves its evaluator's state by `Object.create(state)`, so that a page with n nested `q` builds a prototype
 * chain n deep, and V8 walks it at every step: 20,000 of them, 40 bytes of a file once packed, take half a minute.
 * With this in place such a state is copied flat instead, which says the same and takes time linear in n.
 * Only in converter children; everything else is created as before.
 */
export function keepStatesFlat(): void {
  const create = Object.create.bind(Object);
  const flatOrCreate = (prototype: object | null, properties?: PropertyDescriptorMap): unknown => {
    if (properties !== undefined) return create(prototype, properties) as unknown;
    if (prototype === null || !isEvaluatorState(prototype)) return create(prototype) as unknown;
    return Object.setPrototypeOf({ ...prototype }, Object.getPrototypeOf(prototype) as object) as object;
  };
  Object.create = flatOrCreate as typeof Object.create;
}

/** An instance of pdfjs's `EvalState`, not the class's own prototype. */
function isEvaluatorState(value: object): boolean {
  return Object.hasOwn(value, 'ctm') && value.constructor.name === 'EvalState';
}
