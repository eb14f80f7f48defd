"""Probe a video or audio source, plan its ladder, encode and package it: a folder for each."""
