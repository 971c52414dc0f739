/** This machine cannot be brought into the condition. */
export class NotTried extends Error {}
