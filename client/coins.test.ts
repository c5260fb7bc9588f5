import test from "ava";
import { CliError } from "./cli-error.js";
import { coinText, parseCoin, parseCoins, type Units } from "./coins.js";

const unit = (denom: string, exponent: number, ...aliases: string[]) => ({ denom, exponent, aliases });
const units: Units = {
  bond: "upouw",
  metadata: [
    { description: "", base: "upouw", display: "pouw", name: "POUW", symbol: "POUW", uri: "", uriHash: "", denomUnits: [unit("upouw", 0), unit("mpouw", 3, "millipouw"), unit("pouw", 6)] },
    { description: "", base: "wei", display: "ether", name: "Ether", symbol: "ETH", uri: "", uriHash: "", denomUnits: [unit("wei", 0), unit("ether", 18)] },
  ],
};
const read = (text: string): string => parseCoins(text, units).map((c) => `${c.amount}${c.denom}`).join(",");

test("amounts are read in every unit that a denomination has, and in base units where nothing is known of it", (t) => {
  t.deepEqual(
    ["1000000upouw", "1.5pouw", "1.5 POUW", "2.25mpouw", "3millipouw", "0.000001Pouw", "7", "1eth", "0.5ether", "12wei", "9uatom", "4ibc/27A6394C3F9FF9C9DCF5DFFADF9BB5FE"].map(read),
    ["1000000upouw", "1500000upouw", "1500000upouw", "2250upouw", "3000upouw", "1upouw", "7upouw", "1000000000000000000wei", "500000000000000000wei", "12wei", "9uatom", "4ibc/27A6394C3F9FF9C9DCF5DFFADF9BB5FE"],
  );
  t.is(read("1pouw,2wei"), "1000000upouw,2wei");
});

test("what is no amount is refused with what is wanted", (t) => {
  const refused = (text: string, message: RegExp) => t.throws(() => parseCoins(text, units), { instanceOf: CliError, message });
  refused("lots", /^got "lots", want an amount such as 1000 POUW or 1000000000upouw\.$/);
  refused("-1upouw", /want an amount such as/);
  refused("", /want an amount such as/);
  refused("1.5upouw", /base units have no fraction/);
  refused("1.5uatom", /base units have no fraction/);
  refused("1.0000001pouw", /want at most 6 digits after the point/);
  refused("1pouw,5upouw", /in which upouw stands twice/);
  refused("1x", /want an amount such as/);
});

test("coins are shown as people write them", (t) => {
  const shown = (denom: string, amount: string) => coinText({ denom, amount }, units);
  t.deepEqual([shown("upouw", "1500000"), shown("upouw", "1"), shown("uatom", "7"), shown("wei", "1")], ["1.500000 POUW", "0.000001 POUW", "7uatom", "0.000000000000000001 ETH"]);
  t.is(parseCoin(shown("upouw", "123456789"), units).amount, "123456789");
});
