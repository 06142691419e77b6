import { valueTypes } from '../../../src/types/index.ts';
import { conform } from '../conformance.ts';
import { streamFixture } from './fixture.ts';

conform(valueTypes, streamFixture);
