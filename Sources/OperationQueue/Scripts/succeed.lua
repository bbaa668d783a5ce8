-- succeed(life, application, id, token, 'succeed', digest, digest of the result, media type, result): the worker has a result.
--
-- KEYS: server, prefix. The first digest is that of all of it, by which its repeat is known. The result counts although
-- somebody wants the operation cancelled: the work is done.
finish(op, 'succeeded', 'result_digest', ARGV[7], 'result_type', ARGV[8], 'result', ARGV[9], 'ended', ending(token, verb, ARGV[6]))
return { 'ok', ARGV[6], document(op) }
