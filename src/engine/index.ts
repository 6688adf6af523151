/** The engine's door: everything the application, the workers and the command line may use, hand-listed. */

export {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  requireFit,
  restoreCheckpoint,
  writeCheckpoint,
} from "./checkpoint/checkpoint.ts";
export {
  checkpointOfPeft,
  exportPeftAdapter,
  type PeftAdapter,
  peftOfCheckpoint,
} from "./checkpoint/peftAdapter.ts";
export { withCheckpoint } from "./checkpoint/withCheckpoint.ts";
export { chunk } from "./chunk.ts";
export {
  type BackendName,
  type BackendOptions,
  type BackendReport,
  closeBackend,
  currentDevice,
  type DeviceMemory,
  deviceMemory,
  explainFailure,
  settleKernelChoices,
  startBackend,
} from "./device/backend.ts";
export { breatheOnReads } from "./device/breathe.ts";
export type { ChoiceStore } from "./device/kernelChoices.ts";
export {
  EngineError,
  type EngineErrorCode,
  type EngineErrorRecord,
  fromErrorRecord,
  toErrorRecord,
} from "./errors.ts";
export {
  compareWithFrozenJudge,
  type FrozenJudgeReport,
  measureTokenDistance,
  measureTokenEntropy,
} from "./eval/ablations.ts";
export type { EvalProgress } from "./eval/batches.ts";
export { makeContactSheet, type SheetLayout } from "./eval/contactSheet.ts";
export { loadDetector } from "./eval/detector/loadDetector.ts";
export {
  ANSWER_TOKENS,
  type AnsweredImage,
  type DrawSettings,
  type PlannedDraw,
  planDraws,
} from "./eval/drawAndAsk.ts";
export { type DetectedImage, type PromptList, parseDetectionFile } from "./eval/geneval/detectionFile.ts";
export type { Box, Detection, Detections, ObjectDetector } from "./eval/geneval/detections.ts";
export {
  detectRewardHacking,
  type GenEvalReport,
  type RewardHacking,
  reportGenEval,
  type SelfJudgement,
} from "./eval/geneval/genevalReport.ts";
export { lineError } from "./eval/geneval/jsonLines.ts";
export { type Contest, type JudgedImage, judgeDraws, judgeImages } from "./eval/geneval/judgeDraws.ts";
export {
  type JudgedFile,
  type JudgedHeader,
  orderByPlan,
  parseJudgedFile,
  requireSameHeader,
  type StoredImage,
  splitDone,
  writeJudgedHeader,
  writeJudgedImage,
} from "./eval/geneval/judgedFile.ts";
export { judgeImage, type Reason, type Verdict } from "./eval/geneval/judgeImage.ts";
export { type MetadataRecord, parseMetadata } from "./eval/geneval/metadata.ts";
export { observeGroups } from "./eval/geneval/observeGroups.ts";
export { outsideWorld } from "./eval/geneval/outsideWorld.ts";
export {
  type GenEvalGain,
  type GenEvalScores,
  type ScoredImage,
  scoreGain,
  scoreImages,
} from "./eval/geneval/scoreImages.ts";
export {
  attachProbeAdapter,
  computeProbeGradients,
  cosine,
  drawProbeSamples,
  type ProbeGradients,
} from "./eval/gradientAgreement.ts";
export {
  answerPool,
  type ConditionalAccuracy,
  type ConditionalShare,
  drawingGivenUnderstanding,
  isRedraw,
  type PoolImage,
  planRedraw,
  understandingGivenDrawing,
} from "./eval/imbalance.ts";
export { type Estimate, estimateMean, estimateShare } from "./eval/interval.ts";
export { evaluateReconstruction, type ReconstructionReport } from "./eval/reconstruction.ts";
export { type RenderedScene, renderHeldOutScenes } from "./eval/scenes.ts";
export {
  evaluateSelfReward,
  limitPrompts,
  pickEvenly,
  type SelfRewardOptions,
  type SelfRewardReport,
} from "./eval/selfReward.ts";
export {
  evaluateUnderstanding,
  SHOWN_IMAGES,
  type ShownImage,
  type UnderstandingAnswer,
  type UnderstandingReport,
} from "./eval/understanding.ts";
export { type LoadOptions, loadModel, reportWeights } from "./models/loadModel.ts";
export { loadMagvit2, type Magvit2, type Magvit2Config } from "./models/magvit2/magvit2.ts";
export { listMagvit2Parameters } from "./models/magvit2/parameters.ts";
export { readJson } from "./models/modelFolder.ts";
export { convertImageTokenizer, convertTransformer } from "./models/showo/convert.ts";
export { type CheckResult, verifyShowoGolden } from "./models/showo/golden.ts";
export {
  type Architecture,
  type ImportedConfig,
  importConfig,
  originalFiles,
  requireOriginal,
  type Scale,
} from "./models/showo/original.ts";
export { listShowoParameters } from "./models/showo/weights.ts";
export type { Answer, ImageCodes, ImageU8, UnifiedModel, WeightReport } from "./models/unified.ts";
export type { ModelFormat } from "./quant/quantFormat.ts";
export { isExactAnswer } from "./reward/matchAnswer.ts";
export { compileStep } from "./rl/compileStep.ts";
export { describePlan, type MemoryPlan, planMemory } from "./rl/memoryPlan.ts";
export type { Task } from "./rl/task.ts";
export { createTrainerState, type TrainerEvent, type TrainerState, train } from "./rl/trainer.ts";
export { createTaskSource, judgeAnswer } from "./rl/worldTask.ts";
export { createRng } from "./rng.ts";
export { readSafetensors, type SafetensorsEntry, writeSafetensors } from "./safetensors/safetensors.ts";
export { fromFloat32, toFloat32 } from "./safetensors/toFloat32.ts";
export type { ByteSource } from "./tensorFiles/byteSource.ts";
export { openTensors, type TensorFolder } from "./tensorFiles/openTensors.ts";
export { type ByteSink, beginSafetensors } from "./tensorFiles/safetensorsWriter.ts";
export type { TensorSource } from "./tensorFiles/tensorSource.ts";
export { TEMPLATE_QUESTIONS } from "./world/questions.ts";
export { readPrompt } from "./world/readPrompt.ts";
export { openSprites, type SpriteSet } from "./world/render.ts";
export { TAGS, type Tag } from "./world/sentences.ts";
export { createSplits, type ListedPrompt, type Splits } from "./world/splits.ts";
export { tokenizerConfigFile, tokenizerFile } from "./world/vocabulary.ts";
export { parseWorldSpec, type WorldSpec } from "./world/worldSpec.ts";
