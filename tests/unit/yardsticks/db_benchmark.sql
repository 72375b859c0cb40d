-- The ten groupby and five join questions of the db-benchmark, for DuckDB over files of its tables.
-- The sum of no values is 0, as in pandas; SQL's is null, and such groups are only in tables with nulls.

-- groupby_q01
SELECT id1, sum(v1) AS v1 FROM x GROUP BY id1;

-- groupby_q02
SELECT id1, id2, sum(v1) AS v1 FROM x GROUP BY id1, id2;

-- groupby_q03
SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM x GROUP BY id3;

-- groupby_q04
SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM x GROUP BY id4;

-- groupby_q05
SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM x GROUP BY id6;

-- groupby_q06
SELECT id4, id5, median(v3) AS median_v3, stddev_samp(v3) AS sd_v3 FROM x GROUP BY id4, id5;

-- groupby_q07
SELECT id3, max(v1) - min(v2) AS range_v1_v2 FROM x GROUP BY id3;

-- groupby_q08
SELECT id6, v3 AS largest2_v3
FROM (SELECT id6, v3, row_number() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS place FROM x WHERE v3 IS NOT NULL)
WHERE place <= 2;

-- groupby_q09
SELECT id2, id4, corr(v1, v2) ** 2 AS r2 FROM x GROUP BY id2, id4;

-- groupby_q10
SELECT id1, id2, id3, id4, id5, id6, coalesce(sum(v3), 0) AS v3, count(*) AS count
FROM x
GROUP BY id1, id2, id3, id4, id5, id6;

-- join_q1
SELECT x.*, small.id4 AS id4_small, v2 FROM x JOIN small USING (id1);

-- join_q2
SELECT x.*, medium.id1 AS id1_medium, medium.id4 AS id4_medium, medium.id5 AS id5_medium, v2
FROM x JOIN medium USING (id2);

-- join_q3
SELECT x.*, medium.id1 AS id1_medium, medium.id4 AS id4_medium, medium.id5 AS id5_medium, v2
FROM x LEFT JOIN medium USING (id2);

-- join_q4
SELECT x.*, medium.id1 AS id1_medium, medium.id2 AS id2_medium, medium.id4 AS id4_medium, v2
FROM x JOIN medium USING (id5);

-- join_q5
SELECT x.*, big.id1 AS id1_big, big.id2 AS id2_big, big.id4 AS id4_big, big.id5 AS id5_big, big.id6 AS id6_big, v2
FROM x JOIN big USING (id3);
