export { default } from "../output/front/index.js";
