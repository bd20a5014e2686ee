import { EventSchemas, eventType, Stepwell } from "stepwell";
import { z } from "zod";

interface OrderEvents {
  "shop/order.placed": { data: { orderId: string; total: number; note?: string }; user: { id: string } };
  "shop/order.cancelled": { data: { orderId: string; reason: "customer" | "stock" } };
}

const Address = z.object({ street: z.string(), city: z.string(), zip: z.string().optional() });

export const stepwell = new Stepwell({
  id: "shop",
  schemas: new EventSchemas()
    .fromRecord<OrderEvents>()
    .fromSchema({ "shop/order.shipped": z.object({ orderId: z.string(), address: Address }) }),
});

export const paid = eventType("shop/order.paid", {
  schema: z.object({ orderId: z.string(), method: z.enum(["card", "cash"]) }),
});
