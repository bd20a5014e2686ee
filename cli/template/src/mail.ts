/** Stands for your mail provider. */
export async function sendMail(to: string, subject: string): Promise<{ to: string; subject: string }> {
  return { to, subject };
}
