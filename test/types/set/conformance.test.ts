import { valueTypes } from '../../../src/types/index.ts';
import { conform } from '../conformance.ts';
import { packedSetFixture, setFixture } from './fixture.ts';

conform(valueTypes, setFixture);
conform(valueTypes, packedSetFixture);
