-- Which of an order's places were taken back while the rest stayed, as "0,3".
ALTER TABLE order_past ADD COLUMN returned TEXT;
