-- The stays of MIMIC that are in a cohort, and what is known of them by the end of the window of
-- :window seconds, 0 for the whole stay. Names are those of MIMIC-III, whatever the version.
CREATE TABLE stay AS
  SELECT i.icustay_id AS id, i.subject_id AS subject, i.hadm_id AS visit, a.hospital_expire_flag = '1' AS died,
    CAST(strftime('%s', i.intime) AS INTEGER) AS begun, CAST(strftime('%s', i.outtime) AS INTEGER) AS ended
  FROM icustays i LEFT JOIN admissions a USING (hadm_id);
CREATE TABLE chosen AS
  SELECT *, CASE WHEN :window > 0 THEN MIN(begun + :window - 1, ended) ELSE ended END AS last
  FROM stay WHERE died IS NOT NULL AND ended - begun >= :window;
CREATE INDEX chosen_subject ON chosen (subject);
CREATE INDEX chosen_id ON chosen (id);
CREATE INDEX map_code ON map (source, code);
-- What is in the map: of the stay that is named, or else of all in which the time lies.
CREATE TABLE measured AS
  SELECT c.id, c.begun, c.last, m.*, e.charttime, e.storetime, e.valueuom, number(e.valuenum) AS value
  FROM chartevents e JOIN map m ON m.source = 'chart' AND m.code = e.itemid
    JOIN chosen c ON c.id = e.icustay_id OR (e.icustay_id IS NULL AND c.subject = e.subject_id)
  WHERE IFNULL(e.error, '0') <> '1'
  UNION ALL
  SELECT c.id, c.begun, c.last, m.*, e.charttime, e.storetime, e.valueuom, number(e.valuenum)
  FROM labevents e JOIN map m ON m.source = 'labs' AND m.code = e.itemid JOIN chosen c ON c.subject = e.subject_id;
CREATE TABLE known AS
  SELECT m.id, m.source, m.channel, number(m.low) AS low, number(m.high) AS high,
    CASE WHEN u.unit IS NOT NULL THEN value * number(u.factor) + number(u.offset)
      ELSE value * CASE WHEN m.fraction = '1' AND value <= 1 THEN 100 ELSE 1 END * number(m.factor) + number(m.offset) END AS value
  FROM measured m LEFT JOIN units u ON u.channel = m.channel AND LOWER(u.unit) = LOWER(m.valueuom)
  WHERE value IS NOT NULL
    AND CAST(strftime('%s', m.charttime) AS INTEGER) BETWEEN m.begun AND m.last
    AND CAST(strftime('%s', IFNULL(m.storetime, m.charttime)) AS INTEGER) <= m.last
    AND (m.valueuom IS NULL OR u.unit IS NOT NULL OR LOWER(m.valueuom) IN (LOWER(m.channel_unit), LOWER(m.unit))
      OR m.channel NOT IN (SELECT channel FROM units));
CREATE TABLE kept AS SELECT * FROM known WHERE value >= IFNULL(low, value) AND value <= IFNULL(high, value);
CREATE TABLE coded AS
  SELECT s.id, g.label FROM stay s JOIN diagnoses_icd d ON d.hadm_id = s.visit JOIN groups g ON g.icd9 = plain(d.icd9_code)
  WHERE IFNULL(d.icd_version, '9') = '9'
  UNION
  SELECT s.id, g.label FROM stay s JOIN diagnoses_icd d ON d.hadm_id = s.visit JOIN gem ON gem.icd10 = plain(d.icd9_code)
    JOIN groups g ON g.icd9 = gem.icd9
  WHERE d.icd_version = '10';
CREATE TABLE cohort AS
  SELECT * FROM chosen WHERE id IN (SELECT id FROM kept)
    AND (:window > 0 OR visit IN (SELECT hadm_id FROM diagnoses_icd));
SELECT 'stays', COUNT(*) FROM stay
UNION ALL SELECT 'unknown', COUNT(*) FROM stay WHERE died IS NULL
UNION ALL SELECT 'short', COUNT(*) FROM stay WHERE ended - begun < :window
UNION ALL SELECT 'cohort', COUNT(*) FROM cohort
UNION ALL SELECT 'patients', COUNT(DISTINCT subject) FROM cohort
UNION ALL SELECT 'in_hospital_death', SUM(died) FROM cohort
UNION ALL SELECT 'discharge_within_48h', SUM(NOT died AND ended - begun < 2 * 48 * 3600) FROM cohort
UNION ALL SELECT label, COUNT(DISTINCT id) FROM coded WHERE id IN (SELECT id FROM cohort) GROUP BY label
UNION ALL SELECT source, COUNT(DISTINCT id) FROM kept WHERE id IN (SELECT id FROM cohort) GROUP BY source
UNION ALL SELECT source || ' ' || channel, COUNT(*) FROM kept WHERE id IN (SELECT id FROM cohort) GROUP BY source, channel
