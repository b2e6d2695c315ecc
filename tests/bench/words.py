"""The words that made papers are written with, the most frequent first; and rarer ones, made by number without end."""

# ruff: noqa: SIM905 - words in lines are read more easily than one a line.

from __future__ import annotations

# What papers are about, in English, as Korean summaries leave it in English too.
TERMS = (
    "LLM language transformer model GPT-4 diffusion attention learning reasoning generation token multimodal vision "
    "video benchmark training image dataset text fine-tuning reinforcement agent inference embedding encoder decoder "
    "alignment retrieval LLaMA policy reward prompt pre-training latent instruction context scaling preference RLHF "
    "zero-shot feature query 3D code zero loss speech gradient adapter LoRA quantization sparse distillation "
    "chain-of-thought planning CLIP segmentation self-supervised supervised few-shot in-context long-context NeRF "
    "Gaussian splatting sampling noise denoising U-Net DiT GAN autoregressive mixture-of-experts MoE router cache KV "
    "memory retrieval-augmented RAG knowledge graph ontology tool API function safety jailbreak hallucination bias "
    "fairness privacy federated continual transfer domain adaptation augmentation synthetic tokenizer vocabulary "
    "multilingual translation summarization dialogue question answering visual grounding detection tracking pose "
    "depth flow optical motion avatar animation rendering mesh point cloud texture style editing inpainting "
    "super-resolution restoration compression codec audio music acoustic phoneme ASR TTS robot manipulation "
    "navigation embodied simulation world trajectory control imitation offline online exploration bandit game "
    "theorem proof math arithmetic symbolic program synthesis compiler debugging repository software evaluation judge "
    "rubric leaderboard contamination calibration uncertainty interpretability probing circuit neuron activation "
    "steering unlearning watermark detection attack defense robustness outlier anomaly time-series forecasting "
    "tabular recommendation search ranking advertising molecule protein chemistry material medical clinical radiology "
    "pathology genome physics climate weather geospatial satellite remote-sensing autonomous driving LiDAR perception "
    "kernel GPU throughput latency parallelism pipeline checkpoint optimizer AdamW Muon curriculum annealing "
    "initialization normalization residual state-space Mamba recurrent convolution hypernetwork flow-matching "
    "rectified consistency score-based energy-based variational contrastive triplet metric hashing clustering "
    "spectral manifold geometry topology equivariant symmetry causal counterfactual Bayesian"
).split()

NOUNS = (
    "모델 성능 방법 데이터 연구 결과 기존 언어 생성 학습 이미지 실험 벤치마크 평가 작업 추론 정보 텍스트 구조 접근법 "
    "문제 효율성 사용자 품질 능력 데이터셋 프레임워크 논문 훈련 표현 과정 단계 정확도 시스템 비디오 기술 분석 알고리즘 "
    "비용 환경 토큰 메모리 인코더 디코더 파라미터 손실 보상 정책 검색 지식 대화 질문 응답 코드 수학 번역 요약 음성 "
    "시각 공간 시간 장면 객체 영역 특징 벡터 행렬 그래프 노드 계층 네트워크 신경망 강화학습 미세조정 사전학습 파인튜닝 "
    "정렬 선호도 피드백 인간 전문가 에이전트 도구 계획 탐색 전략 목표 제약 조건 분포 확률 샘플 노이즈 해상도 속도 "
    "지연 처리량 병렬 하드웨어 최적화 양자화 압축 증류 희소성 일반화 강건성 안정성 안전성 편향 환각 해석 가능성 "
    "불확실성 신뢰도 오류 한계 확장성 규모 크기 길이 문맥 맥락 지시 프롬프트 예시 사례 도메인 분야 의료 과학 화학 "
    "단백질 분자 로봇 조작 주행 지도 센서 카메라 깊이 움직임 동작 자세 얼굴 아바타 렌더링 편집 복원 합성 변환 매핑 "
    "투영 융합 결합 분할 탐지 추적 분류 군집 순위 추천 예측 시계열 신호 주파수 음악 소리 감정 문화 교육 법률 금융 "
    "경제 게임 시뮬레이션 세계 물리 기하 대칭 인과 증명 정리 논리 규칙 기호 문법 단어 문장 문서 표 차트 화면 "
    "인터페이스 웹 앱 저장소 소프트웨어 테스트 보안 공격 방어 개인정보 연합 분산 협력 경쟁 시장 사회"
).split()

KOREAN_OPENERS = (
    "본 논문에서는",
    "이 연구에서는",
    "특히",
    "또한",
    "이를 위해",
    "실험 결과",
    "기존 방법과 달리",
    "저자들은",
    "구체적으로",
    "이 모델은",
    "나아가",
    "그 결과",
    "이러한 방식은",
    "추가적으로",
    "최근에는",
    "무엇보다",
)
KOREAN_ENDINGS = (
    "제안합니다.",
    "보여줍니다.",
    "달성하였습니다.",
    "향상시킵니다.",
    "활용합니다.",
    "도입하였습니다.",
    "개선되었습니다.",
    "학습합니다.",
    "생성할 수 있습니다.",
    "분석합니다.",
    "입증하였습니다.",
    "해결하고자 합니다.",
    "제공합니다.",
    "가능하게 합니다.",
    "평가하였습니다.",
    "구성됩니다.",
    "뛰어난 성능을 보였습니다.",
    "기록하였습니다.",
    "공개하였습니다.",
    "줄일 수 있었습니다.",
)
# {a}, {b}: a noun or a term, with the particle that fits it.
KOREAN_PHRASES = (
    "{a}의 {b:를}",
    "{a} 기반의 {b:를}",
    "{a:와} {b:를} 결합하여",
    "{a:를} 통해 {b:를}",
    "기존 {a}보다 높은 {b:를}",
    "{a}에서 {b:가}",
    "새로운 {a} {b:를}",
    "{a}에 대한 {b:를}",
    "대규모 {a} {b}에서",
    "{a:를} 이용한 {b:는}",
    "효율적인 {a} {b:로}",
    "{a} 단계에서 {b:를}",
    "{a} 없이도 {b:를}",
    "다양한 {a:와} {b}에 걸쳐",
    "{a:가} 부족한 {b}에서도",
    "복잡한 {a:를}",
    "{a}({b})의",
)
ENGLISH_OPENERS = (
    "We propose",
    "We introduce",
    "This work presents",
    "In addition, we study",
    "The authors analyse",
    "Experiments show",
    "Unlike earlier work, it builds on",
    "The key idea is",
    "Specifically, it learns",
    "Results demonstrate",
)
ENGLISH_PHRASES = (
    "a {a} {b}",
    "the {a} of {b}",
    "{a} and {b}",
    "{a} with {b}",
    "large-scale {a} for {b}",
    "a novel {a} approach to {b}",
    "efficient {a} without {b}",
    "how {a} affects {b}",
    "improved {a} over {b} baselines",
    "better {a} across {b} tasks",
)
ENGLISH_ENDINGS = (
    "at a fraction of the cost.",
    "on several benchmarks.",
    "without further training.",
    "in a wide range of settings.",
    "and releases the code.",
    "across model sizes.",
    "with fewer parameters.",
    "under distribution shift.",
)
ADJECTIVES = (
    "Efficient Scalable Unified Towards Robust Multimodal Adaptive Hierarchical Rethinking Universal Controllable "
    "Interactive Self-Improving Large Open Fast Compositional Generalizable Probing Understanding Learning Scaling "
    "Improving Accelerating Benchmarking Evaluating Aligning Training-Free Zero-Shot Long-Context Physics-Aware"
).split()
CONNECTIVES = ("for", "via", "with", "in", "from", "of", "through", "beyond", "and", "without")
NAME_ENDINGS = ("Net", "Former", "LLM", "Bench", "Diff", "Agent", "RAG", "VLM", "GPT", "-7B", "-R1", "++", "Flow", "3D")
TEX = ("$\\alpha$", "$\\tau$", "$\\nabla^2$", "$\\pi_0$", "$O(n^2)$", "$\\mathcal{L}_1$", "$10^{6}$", "$\\lambda$")
HEADINGS = (
    "What's New",
    "Technical Details",
    "Performance Highlights",
    "Limitations",
    "Applications",
    "Future Work",
)

_STARTS = tuple("b br c ch d dr f fl g gr h j k kl l m n p pl qu r s sh sk st t th tr v w x z".split())
_MIDDLES = ("a", "e", "i", "o", "u", "ai", "ea", "io")
_ENDS = ("", "n", "r", "l", "s", "x", "m", "nd")
_LATIN = tuple(start + middle + end for end in _ENDS for middle in _MIDDLES for start in _STARTS)
_HANGUL = tuple(
    "가나다라마바사아자차카타파하고노도로모보소오조코토포호구누두루무부수우주쿠투푸후기니디리미비시이지치키티피히"
)


def rare(number: int) -> str:
    """The rarer English word of a number, each another one, such as ``brachean``."""
    return _spelled(number, _LATIN, 2)


def rare_korean(number: int) -> str:
    """The rarer Korean word of a number, of three syllables or more."""
    return _spelled(number, _HANGUL, 3)


def _spelled(number: int, syllables: tuple[str, ...], shortest: int) -> str:
    short = len(syllables) ** shortest
    if number < short:
        # Neighbours would look alike; a step that has no divisor in common with the number of words spreads them.
        number = number * 1_000_003 % short
    found: list[str] = []
    while number or len(found) < shortest:
        number, which = divmod(number, len(syllables))
        found.append(syllables[which])
    return "".join(found)
