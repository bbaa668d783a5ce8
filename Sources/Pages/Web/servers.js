// Where pages push: undefined is the server that they are from. A server that was told of another one (`--pages-push-url`) says so in this file's place.

export const pushURL = undefined;
