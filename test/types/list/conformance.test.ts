import { valueTypes } from '../../../src/types/index.ts';
import { conform } from '../conformance.ts';
import { listFixture } from './fixture.ts';

conform(valueTypes, listFixture);
