/**
 * Which of hundreds of names a person is likely to mean. First what the notebook's own cells use, then what the lessons (members and
 * names of the library) and, for the language's own objects, the sources of this package use most, in this order. Counted once, with
 * comments and texts left out; names that only a lesson's own objects have were taken away.
 */

const MEMBERS = `add map toFixed log item length set join push mul backward Linear slice from max parameters sub filter size step
at get DataLoader grad mean table square Sequential tanh matmul zeroGrad crossEntropy min toArray forEach stringify sum abs shape data
entries floor SGD Adam fromEntries replace ReLU fill to values div requiresGrad_ some keys has reshape narrow flatMap now reduce Tanh t
message isArray eval flatten init sqrt includes Module TensorDataset indexSelect neg round weight bias split of resolve argmax detach eq
exp ceil delete repeat trim sort startsWith Conv2d loadStateDict mseLoss toPrecision every find PI accuracy stateDict parse
Embedding LayerNorm clone encode fill_ isNaN normal_ randomSplit softmax tensors error sin clear all indexOf cos MaxPool2d
Sigmoid lrScheduler numel padStart relu sample select std then isInteger next AdamW BatchNorm2d binaryCrossEntropyWithLogits conv2d
endsWith flat log2 namedParameters padEnd sub_ summary train unbind unsqueeze findIndex hypot pop catch sign assign toLowerCase
Dropout clamp clipGradNorm_ decode edges kaimingNormal_ loadSafetensors maxPool2d norm saveSafetensors squeeze topk triu
xavierNormal_ cat stack matchAll concat hasOwn charCodeAt random log10 race toSorted with lastIndexOf shift pow search trunc any
reverse findLast toISOString match toUpperCase finally dtype requiresGrad permute transpose view var argmin gather where ne
gt lt ge le isnan logSoftmax sigmoid dim ndim T`;

/** Of tensors, which have members that other objects have for another reason. */
const TENSORS = `add item mul backward sub shape grad mean square sum matmul toArray max tanh min div reshape narrow requiresGrad_ t
exp log sqrt flatten detach argmax eq neg abs clone numel to size at relu softmax sigmoid select indexSelect squeeze unsqueeze
transpose permute view expand std var pow clamp dtype requiresGrad fill_ normal_ zero_ sub_ add_ mul_ unbind split chunk topk sort
cumsum norm gather scatter where gt lt ge le ne triu tril dot mm bmm T dim ndim sin cos logSoftmax isnan any all prod log2 round floor
ceil maskedFill repeat copy_ retainGrad contiguous isLeaf gradFn`;

const TOP_LEVEL = `console manualSeed nn noGrad Math F optim Tensor tensor data Object lossChart randn Number Record Array Error
Infinity zeros metrics decisionBoundary rand LineChart Set Map Promise NaN lossSurface ones scatterPlot String JSON display imageGrid
io progress randperm weightGrid featureMaps attentionMap embeddingPlot lossSlice gradientHistogram plot arange linspace eye cat stack
watch slider profile Date RegExp fetch setTimeout process structuredClone performance URL Buffer Float32Array Float64Array
Uint8Array Symbol`;

const COMMON = {
  members: ranks(MEMBERS),
  tensors: ranks(TENSORS),
  scope: ranks(TOP_LEVEL),
};

function ranks(text: string): ReadonlyMap<string, number> {
  const names = text.split(/\s+/);
  return new Map(names.map((name, index) => [name, 1 - index / names.length]));
}

/** A name that was used in so many cells of the notebook comes before one that is common but was not. */
const OWN = 2;

/** How likely a name is meant, from 0 on, when `uses` cells of the notebook mention it. */
export function likelihood(name: string, place: keyof typeof COMMON, uses: number): number {
  return (uses > 0 ? OWN + Math.log2(uses) : 0) + (COMMON[place].get(name) ?? 0);
}
