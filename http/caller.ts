/** Who has passed IAM in front of the door. */
export interface IamCaller {
  readonly userArn: string;
  readonly accountId: string;
}

/** Beside the requests, and not in them: no header can claim to be somebody. */
const callers = new WeakMap<Request, IamCaller>();

export const setCaller = (request: Request, caller: IamCaller): void => void callers.set(request, caller);

export const callerOf = (request: Request): IamCaller | undefined => callers.get(request);
