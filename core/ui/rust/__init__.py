"""The Rust page: how much has rusted, how fast, when is the limit reached?"""
