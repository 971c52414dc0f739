/** The bundler imports style sheets. They export nothing. */
declare module '*.css';
