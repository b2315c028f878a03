"""The page: its tables, pictures, gallery and where its numbers come from."""
