export { Slider, slider, type SliderOptions, type SliderState } from './slider.js';
export { Widget, widget, type WidgetChange, type WidgetMessage, type WidgetOptions } from './widget.js';
