"""Lesson 13: what held deep networks up, the way of training or the initial weights?"""
