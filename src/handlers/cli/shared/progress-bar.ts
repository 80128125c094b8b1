/** The bar of a terminal, in a file of its own: it is read when there is a terminal, and a package in CommonJS has no names of its own to import late. */
export { Format, SingleBar } from 'cli-progress';
