// The conformance suite over all types that there are, and over one more: adding a type is a folder and a line.
import { valueTypes } from '../../src/types/index.ts';
import { conform } from './conformance.ts';
import { listFixture } from './list/fixture.ts';
import { stringFixture } from './string/fixture.ts';
import { stubType } from './stub/descriptor.ts';
import { stubFixture } from './stub/fixture.ts';

conform([...valueTypes, stubType], [stringFixture, listFixture, stubFixture]);
