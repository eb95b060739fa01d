-- The stays of eICU that are in a cohort, and what is known of them by the end of the window of
-- :window minutes, 0 for the whole stay.
CREATE TABLE stay AS
  SELECT patientunitstayid AS id, uniquepid AS subject, hospitaldischargestatus = 'Expired' AS died,
    CAST(unitdischargeoffset AS INTEGER) AS ended
  FROM patient;
CREATE TABLE chosen AS
  SELECT *, CASE WHEN :window > 0 THEN MIN(:window - 1, ended) ELSE ended END AS last
  FROM stay WHERE died IS NOT NULL AND ended >= :window;
CREATE INDEX chosen_id ON chosen (id);
CREATE INDEX map_code ON map (source, code);
CREATE TABLE recorded (id, source, code, value, charted, entered);
INSERT INTO recorded SELECT patientunitstayid, 'vitalaperiodic', code, number(value), observationoffset, observationoffset FROM vitalaperiodic;
INSERT INTO recorded SELECT patientunitstayid, 'respiratorycharting', respchartvaluelabel, number(respchartvalue), respchartoffset, respchartentryoffset FROM respiratorycharting;
INSERT INTO recorded SELECT patientunitstayid, 'intakeoutput', celllabel, number(cellvaluenumeric), intakeoutputoffset, intakeoutputentryoffset FROM intakeoutput;
INSERT INTO recorded SELECT patientunitstayid, 'apacheapsvar', code, number(value), 1439, 1439 FROM apacheapsvar WHERE number(value) <> -1;
INSERT INTO recorded SELECT patientunitstayid, 'apachepredvar', code, number(value), 1439, 1439 FROM apachepredvar WHERE number(value) <> -1;
INSERT INTO recorded
  SELECT patientunitstayid, 'patient', code, CASE value WHEN 'Male' THEN 1 WHEN 'Female' THEN 0 WHEN '> 89' THEN 90 ELSE number(value) END, 0, 0
  FROM described;
CREATE TABLE kept AS
  SELECT c.id, m.source, m.channel,
    value * CASE WHEN m.fraction = '1' AND value <= 1 THEN 100 ELSE 1 END * number(m.factor) + number(m.offset) AS value
  FROM recorded r JOIN map m USING (source, code) JOIN chosen c USING (id)
  WHERE value IS NOT NULL AND CAST(charted AS INTEGER) BETWEEN 0 AND c.last AND CAST(IFNULL(entered, charted) AS INTEGER) <= c.last;
DELETE FROM kept WHERE EXISTS (
  SELECT 1 FROM map m WHERE m.source = kept.source AND m.channel = kept.channel AND (kept.value < number(m.low) OR kept.value > number(m.high)));
CREATE TABLE forms (id, source, charted, entered);
INSERT INTO forms SELECT patientunitstayid, 'note', noteoffset, noteenteredoffset FROM note;
INSERT INTO forms SELECT patientunitstayid, 'physicalexam', physicalexamoffset, physicalexamoffset FROM physicalexam;
INSERT INTO forms SELECT patientunitstayid, 'pasthistory', pasthistoryoffset, pasthistoryenteredoffset FROM pasthistory;
INSERT INTO forms SELECT patientunitstayid, 'treatment', treatmentoffset, treatmentoffset FROM treatment;
INSERT INTO forms SELECT patientunitstayid, 'admissiondx', admitdxenteredoffset, admitdxenteredoffset FROM admissiondx;
CREATE TABLE written AS
  SELECT DISTINCT c.id, source, charted, MAX(CAST(charted AS INTEGER), CAST(IFNULL(entered, charted) AS INTEGER)) AS entered
  FROM forms JOIN chosen c USING (id)
  WHERE CAST(charted AS INTEGER) BETWEEN 0 AND c.last AND CAST(IFNULL(entered, charted) AS INTEGER) <= c.last;
-- The code of ICD-9 stands first. What begins with another letter than E or V is of ICD-10.
CREATE TABLE diagnosed AS
  SELECT patientunitstayid AS id, plain(substr(icd9code, 1, instr(icd9code || ',', ',') - 1)) AS code FROM diagnosis WHERE icd9code IS NOT NULL;
CREATE TABLE coded AS
  SELECT id, label FROM diagnosed JOIN groups ON icd9 = code WHERE code < 'A' OR substr(code, 1, 1) IN ('E', 'V')
  UNION
  SELECT id, label FROM diagnosed JOIN gem ON icd10 = code JOIN groups USING (icd9) WHERE code >= 'A' AND substr(code, 1, 1) NOT IN ('E', 'V');
CREATE TABLE cohort AS
  SELECT * FROM chosen WHERE (id IN (SELECT id FROM kept) OR id IN (SELECT id FROM written))
    AND (:window > 0 OR id IN (SELECT id FROM diagnosed));
SELECT 'stays', COUNT(*) FROM stay
UNION ALL SELECT 'unknown', COUNT(*) FROM stay WHERE died IS NULL
UNION ALL SELECT 'short', COUNT(*) FROM stay WHERE died IS NOT NULL AND ended < :window
UNION ALL SELECT 'cohort', COUNT(*) FROM cohort
UNION ALL SELECT 'patients', COUNT(DISTINCT subject) FROM cohort
UNION ALL SELECT 'in_hospital_death', SUM(died) FROM cohort
UNION ALL SELECT label, COUNT(DISTINCT id) FROM coded WHERE id IN (SELECT id FROM cohort) GROUP BY label
UNION ALL SELECT source, COUNT(DISTINCT id) FROM kept WHERE id IN (SELECT id FROM cohort) GROUP BY source
UNION ALL SELECT source || ' ' || channel, COUNT(*) FROM kept WHERE id IN (SELECT id FROM cohort) GROUP BY source, channel
UNION ALL SELECT source, COUNT(DISTINCT id) FROM written WHERE id IN (SELECT id FROM cohort) GROUP BY source
UNION ALL SELECT source || ' texts', COUNT(*) FROM written WHERE id IN (SELECT id FROM cohort) GROUP BY source
