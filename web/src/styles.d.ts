/** The bundler takes style sheets in; there is nothing in them for a program. */
declare module '*.css';
