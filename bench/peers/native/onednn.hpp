// SPDX-License-Identifier: Apache-2.0
// What differs between oneDNN 2 and 3, and memory without copies.
#pragma once

#include <dnnl.hpp>

#include <unordered_map>

namespace qkv::peers {

using Arguments = std::unordered_map<int, dnnl::memory>;
using dims = dnnl::memory::dims;

inline const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Row-major, or with the strides given.
inline dnnl::memory::desc matrix(const dims& extents, dims strides = {}) {
  if (strides.empty()) strides = {extents[1], 1};
  return {extents, dnnl::memory::data_type::f32, strides};
}

// oneDNN takes pointers that may be written through; sources are only read.
inline dnnl::memory memory_at(const dnnl::memory::desc& description, const float* data) {
  return {description, cpu(), const_cast<float*>(data)};
}

inline dnnl::memory::desc any_layout(const dims& extents) {
  return {extents, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}

inline void append_eltwise(dnnl::post_ops& operations, dnnl::algorithm algorithm, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(algorithm, alpha, 0);
#else
  operations.append_eltwise(1, algorithm, alpha, 0);
#endif
}

struct Product {
  dnnl::memory::desc source, weights, bias, result;  // a bias of no dims: none
  dnnl::post_ops operations;                         // after it
};

inline dnnl::matmul::primitive_desc describe(const Product& product) {
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(product.operations);
  const auto& [source, weights, bias, result, _] = product;
#if DNNL_VERSION_MAJOR >= 3
  if (bias.get_ndims() == 0) return {cpu(), source, weights, result, attributes};
  return {cpu(), source, weights, bias, result, attributes};
#else
  if (bias.dims().empty()) return {dnnl::matmul::desc(source, weights, result), attributes, cpu()};
  return {dnnl::matmul::desc(source, weights, bias, result), attributes, cpu()};
#endif
}

// Of each row, in place.
inline dnnl::primitive softmax_of(const dnnl::memory::desc& scores) {
  constexpr auto inference = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::softmax_forward({cpu(), inference, dnnl::algorithm::softmax_accurate, scores, scores, 1});
#else
  return dnnl::softmax_forward({{inference, scores, 1}, cpu()});
#endif
}

}  // namespace qkv::peers
