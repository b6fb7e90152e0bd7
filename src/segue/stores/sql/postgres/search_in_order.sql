-- For the rest of the transaction. A batch is a small part of what there is, but the planner, who is not told how small,
-- would rather sort it all, and would walk over all that earlier batches have deleted. What is off counts as dear, and
-- what is dear would be compiled, which takes longer than a batch.
SELECT
    set_config('enable_seqscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true),
    set_config('enable_sort', 'off', true),
    set_config('jit', 'off', true)
