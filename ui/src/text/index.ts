import { en, type Text } from './en';

/** Every word that the window says. A second language is another object of the type `Text`. */
export const text: Text = en;
