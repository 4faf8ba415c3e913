/** Whether a SageMaker instance type has an NVIDIA GPU: g4dn, g5, g6, g6e, gr6, p3, p4d, p5, … */
export const hasGpu = (instanceType: string): boolean => /^ml\.(?:g|gr|p)\d/.test(instanceType);
