import { inngest } from "./steps-client.ts";
interface Product { id: string }
declare const shopify: { products: { list(page: { cursor: string | null; limit: number }): Promise<{ products: Product[] }> } };
declare const processAllProducts: (products: Product[]) => number;

// The original is a part of a function's body. `strict` asks for the types of its first two variables, of any library.
export const loop = inngest.createFunction({ id: "loop" }, { event: "test" }, async ({ step }) => {
const allProducts: Product[] = [];
let cursor: string | null = null;
let hasMore = true;

while (hasMore) {
  // Same ID "fetch-page" reused - counters handled automatically
  const page = await step.run("fetch-page", async () => {
    return shopify.products.list({ cursor, limit: 50 });
  });

  allProducts.push(...page.products);

  if (page.products.length < 50) {
    hasMore = false;
  } else {
    cursor = page.products[49].id;
  }
}

await step.run("process-products", () => {
  return processAllProducts(allProducts);
});
return allProducts.length;
});
