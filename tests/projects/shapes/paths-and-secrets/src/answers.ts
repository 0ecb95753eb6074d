import heard from "./heard.txt";

export const answer = (text: string, secret: string): string => `${heard} ${text}${secret ? "" : "?"}`;
