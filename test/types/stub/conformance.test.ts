// One more type: adding it is a folder and a line.
import { valueTypes } from '../../../src/types/index.ts';
import { conform } from '../conformance.ts';
import { stubType } from './descriptor.ts';
import { stubFixture } from './fixture.ts';

conform([...valueTypes, stubType], stubFixture);
