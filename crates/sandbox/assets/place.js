// Asks where the person is: by name and by coordinates, with a few known places to start from.

import { t } from "./i18n.js";
import { form } from "./overlay.js";

/** Resolves to `{latitude, longitude, scale, label, poiname}` or null. */
export async function askPlace(root) {
  const values = await form(root, {
    title: t("loc_title"),
    fields: [
      { name: "poiname", label: t("loc_poi"), value: "天安门" },
      { name: "label", label: t("loc_label"), value: "北京市东城区东长安街" },
      { name: "latitude", label: t("loc_lat"), value: "39.908823", required: true },
      { name: "longitude", label: t("loc_lng"), value: "116.397470", required: true },
    ],
    check: ({ latitude, longitude }) => {
      const good =
        latitude !== "" && longitude !== "" && Math.abs(Number(latitude)) <= 90 && Math.abs(Number(longitude)) <= 180;
      return good ? null : t("loc_bad");
    },
  });
  if (!values) return null;
  return {
    latitude: Number(values.latitude),
    longitude: Number(values.longitude),
    scale: 15,
    label: values.label,
    poiname: values.poiname,
  };
}
