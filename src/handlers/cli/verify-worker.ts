/** The file a worker thread of `ewm verify --jobs` starts with: the program that is there already, and not its code a second time. */
void import('./program').then(({ workerMain }) => {
  workerMain();
});
