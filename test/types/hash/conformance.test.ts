import { valueTypes } from '../../../src/types/index.ts';
import { conform } from '../conformance.ts';
import { hashFixture } from './fixture.ts';

conform(valueTypes, hashFixture);
