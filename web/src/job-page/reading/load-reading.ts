import './reading.css';

export { Reading } from './reading.tsx';
