package synth

// disease is an entry of a list of old diseases: σ(offset + slope · frailty) is how
// likely a patient has it. The first name is the one it is denied by.
type disease struct {
	offset, slope float64
	names         []string
}

var diseases = []disease{
	// Those of the frail.
	{-2.4, 1.1, []string{"metastatic cancer", "stage IV lung cancer with metastases to bone", "metastatic pancreatic adenocarcinoma", "breast cancer metastatic to liver"}},
	{-1.9, 1.2, []string{"dementia", "advanced Alzheimer's dementia", "vascular dementia, nonverbal at baseline", "Lewy body dementia"}},
	{-2.2, 0.9, []string{"cirrhosis", "decompensated EtOH cirrhosis with ascites", "HCV cirrhosis c/b varices", "NASH cirrhosis"}},
	{-1.9, 0.9, []string{"ESRD", "ESRD on HD (MWF)", "end stage renal disease on hemodialysis", "ESRD s/p failed transplant"}},
	{-1.3, 0.9, []string{"COPD", "severe COPD on 3L home O2", "COPD, oxygen dependent", "emphysema with multiple prior intubations"}},
	{-1.6, 0.8, []string{"heart failure", "CHF with EF 20%", "ischemic cardiomyopathy", "end-stage heart failure"}},
	{-1.8, 1.2, []string{"malnutrition", "severe protein-calorie malnutrition", "failure to thrive", "weight loss of 15 kg over six months"}},
	{-1.7, 0.8, []string{"stroke", "CVA with residual left hemiparesis", "prior ischemic stroke with aphasia", "old R MCA infarct"}},
	{-2.2, 1.2, []string{"decubitus ulcer", "stage III sacral decubitus ulcer", "chronic sacral wound", "unstageable heel ulcers"}},
	// Those of anybody.
	{0.5, 0, []string{"hypertension", "HTN", "high blood pressure", "essential hypertension"}},
	{0.1, -0.1, []string{"hyperlipidemia", "HLD", "dyslipidemia", "high cholesterol on statin"}},
	{-0.4, 0.1, []string{"diabetes", "type 2 diabetes mellitus", "DM2", "NIDDM"}},
	{-0.6, 0, []string{"GERD", "reflux", "gastroesophageal reflux disease", "hiatal hernia"}},
	{-1.2, 0, []string{"hypothyroidism", "hypothyroid on levothyroxine", "thyroid disease", "s/p thyroidectomy"}},
	{-0.9, 0, []string{"osteoarthritis", "OA of both knees", "s/p L total knee replacement", "chronic low back pain"}},
	{-1.1, 0, []string{"depression", "anxiety", "depression, on sertraline", "history of depression"}},
	{-1.7, -0.3, []string{"asthma", "mild intermittent asthma", "exercise-induced asthma", "childhood asthma"}},
	{-1.8, -0.5, []string{"migraines", "migraine headaches", "seasonal allergies", "kidney stones"}},
}

// function is what the patient could do before, from the fittest to the frailest.
var function = [4][]string{
	{
		"Lives independently with spouse, drives and works part time.", "Very active at baseline, walks two miles daily.",
		"Independent in all ADLs and IADLs.", "Previously healthy and fully independent.",
	},
	{
		"Lives at home with family, independent in ADLs, uses a cane outdoors.", "Ambulates without assistance, help with shopping only.",
		"Lives alone, manages own medications, some help with housework.", "Independent at baseline though slowing down over the past year.",
	},
	{
		"Lives in assisted living, walks with a walker.", "Needs help with bathing and dressing, uses a walker at home.",
		"Lives with daughter who assists with most ADLs.", "Wheelchair for distances, home health aide daily.",
	},
	{
		"Nursing home resident, bedbound and dependent for all ADLs.", "Bedbound at baseline, total care at skilled nursing facility.",
		"Non-ambulatory, requires assistance with feeding and all transfers.", "Long-term care resident, minimally interactive at baseline.",
	},
}

var (
	fullCode = []string{"Full code.", "Code status: Full.", "FULL CODE, confirmed on admission.", "Full code (presumed)."}
	doNot    = []string{
		"DNR/DNI, confirmed with family.", "Code status: DNR/DNI.",
		"DNR per HCP, family meeting planned to address goals of care.", "DNI, okay for pressors. Palliative care consulted.",
	}
	thin    = []string{"Cachectic, chronically ill appearing.", "Frail, temporal wasting.", "Thin and chronically ill appearing.", "Frail elderly patient in no acute distress."}
	sturdy  = []string{"Well nourished, in no acute distress.", "NAD, well developed.", "Comfortable, conversant.", "Alert, pleasant, appears stated age."}
	clear   = []string{"Lungs: CTAB, no wheezes or rhonchi.", "Chest clear to auscultation bilaterally.", "Lungs clear, no crackles.", "Good air movement, no wheezing."}
	crackle = []string{
		"Lungs: bibasilar crackles.", "Coarse breath sounds with scattered rhonchi.",
		"Decreased breath sounds at the bases.", "Crackles halfway up bilaterally, no wheeze.",
	}
	regular     = []string{"CV: RRR, no m/r/g.", "Heart regular, normal S1 S2.", "Regular rate and rhythm, no murmurs.", "Cor: regular, no gallop."}
	irregular   = []string{"CV: irregularly irregular.", "Heart irregular, no murmur.", "Irregular rhythm, 2/6 systolic murmur.", "Cor: irregular, rate controlled."}
	abdomen     = []string{"Abd soft, NT/ND.", "Abdomen soft, nontender, +BS.", "Abd: obese, soft, no rebound.", "Belly soft, no guarding."}
	extremities = []string{"Ext warm, no edema.", "Trace pedal edema.", "No clubbing or cyanosis.", "Ext: 1+ edema to the shins."}
	steady      = []string{
		"Hemodynamically stable overnight.", "No acute events overnight, off pressors.",
		"BP stable, lactate cleared.", "Did well overnight, urine output adequate.",
	}
	worse = []string{
		"Required escalating doses of norepinephrine overnight.", "Hypotensive overnight, given 2L of crystalloid.",
		"Pressor requirement increasing.", "Remains on two pressors with marginal urine output.",
	}
)

// complaint is why the patient came: of anybody, or of who is sickest at one place.
var complaint = struct{ any, shock, lung, heart, frailty []string }{
	any:     []string{"fall", "abdominal pain", "weakness", "nausea and vomiting", "dizziness", "fever", "back pain"},
	shock:   []string{"hypotension", "fever and chills", "sepsis", "low blood pressure"},
	lung:    []string{"shortness of breath", "dyspnea", "productive cough", "hypoxia"},
	heart:   []string{"chest pain", "palpitations", "chest pressure", "syncope"},
	frailty: []string{"altered mental status", "poor PO intake", "failure to thrive", "lethargy"},
}

var denied = []string{"chest pain", "fevers or chills", "abdominal pain", "dysuria", "recent travel", "sick contacts", "headache", "syncope", "hemoptysis"}

// plans are the sentences that every note has, whoever it is about.
var plans = []string{
	"Continue broad spectrum antibiotics pending cultures.", "Trend lactate and CBC.", "Wean oxygen as tolerated.",
	"Heparin SC for DVT prophylaxis.", "PPI for stress ulcer prophylaxis.", "Replete lytes prn.", "Hold home antihypertensives.",
	"PT/OT consult when able.", "Repeat CXR in AM.", "Follow up final read of CT.", "Insulin sliding scale.", "Monitor on telemetry.",
	"NPO for now, advance diet as tolerated.", "Will discuss with primary team.", "Contact: wife, updated by phone.", "PIV x2.",
}
