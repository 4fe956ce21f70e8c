/** Optimizers' trajectories and learning rate schedules against PyTorch's. */
import { trajectoryCases } from './optim/trajectories.js';
import { scheduleCases } from './optim/schedules.js';
import { goldenSuite } from './suite.js';

goldenSuite('optim', (file, content) =>
  file.startsWith('lr_scheduler.') ? scheduleCases(content) : trajectoryCases(content),
);
