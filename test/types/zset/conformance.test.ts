import { valueTypes } from '../../../src/types/index.ts';
import { conform } from '../conformance.ts';
import { sortedSetFixture } from './fixture.ts';

conform(valueTypes, sortedSetFixture);
