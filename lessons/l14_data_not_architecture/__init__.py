"""Lesson 14: at how many passes over a text is more text worth more than a better network?"""
