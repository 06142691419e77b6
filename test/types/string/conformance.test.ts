import { valueTypes } from '../../../src/types/index.ts';
import { conform } from '../conformance.ts';
import { stringFixture } from './fixture.ts';

conform(valueTypes, stringFixture);
